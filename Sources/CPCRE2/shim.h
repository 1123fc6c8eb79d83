#pragma once
// PCRE2 wants the code unit width chosen before its header is read; Serin matches bytes.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
