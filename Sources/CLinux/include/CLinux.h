#pragma once
// What Linux offers and Glibc's module map does not: epoll, eventfd, accept4, in forms that Swift can call safely.
#include <sys/epoll.h>
