// The two allocator settings a small long-running process wants from glibc.
#include "platform/memory.h"

#include <malloc.h>

namespace aka::platform {

void bound_allocator_arenas() { mallopt(M_ARENA_MAX, 2); }

void release_free_memory() { malloc_trim(0); }

}  // namespace aka::platform
