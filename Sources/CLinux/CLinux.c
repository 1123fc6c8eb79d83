// A C target needs one source file.
#include "CLinux.h"
