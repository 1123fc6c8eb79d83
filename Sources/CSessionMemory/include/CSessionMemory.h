#pragma once
// Where OpenSSL's connections (`SSL`) have their memory, so that those that idle need less of it.
//
// In OpenSSL 3.0 four of the seven and a half kilobytes of a connection are room for 32 records at a time, of which one is used: they
// are zero. Blocks of that size therefore lie so that a whole page is in the middle of each, where that room is. A block at rest gives
// the page back to the system, and keeps aside the few words in it that are not zero; woken, it is as it was, byte for byte. That holds
// whatever the layout is: with another one there is less to gain, or nothing, and then nothing is done. Blocks that are free wait for the
// next connections.
#include <stdbool.h>

/// Puts itself below OpenSSL, before that has taken any memory and while there is one thread. False, and nothing is different from
/// what it would have been, if it is too late, the blocks or pages are of another size, or there is no address space.
bool session_memory_install(void);

/// Gives back the page of a connection's block, which nobody may touch until it is woken; false if that is not possible.
bool session_memory_rest(void *block);

/// After `session_memory_rest` has answered true.
void session_memory_wake(void *block);
