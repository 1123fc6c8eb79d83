#pragma once
// What Linux offers and Glibc's module map does not (or only through unions, macros and pointers), in forms Swift calls
// safely: integers and small plain structs in and out. Every call answers like the kernel itself does: a result >= 0, or
// the negated errno. Nothing here retries, logs or decides; that is the Swift side's part.
//
// No feature macros here: Swift sees the system's headers through Glibc's module too, and both views must agree. The few
// functions that only _GNU_SOURCE reveals are in CLinux.c.
#include "linux_addresses.h"
#include "linux_events.h"
#include "linux_files.h"
#include "linux_processes.h"
#include "linux_result.h"
#include "linux_sockets.h"
