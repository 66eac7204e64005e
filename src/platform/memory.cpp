// What a small long-running process wants from the allocator and the loader.
#include "platform/memory.h"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace aka::platform {

void bound_allocator_arenas() { mallopt(M_ARENA_MAX, 2); }

namespace {

/// Code and constants that only reading a configuration needed are dropped from memory: they were
/// never written to, so what is needed again comes back from the file.
int drop_constants(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells addresses as numbers
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_free_memory() {
  malloc_trim(0);
  dl_iterate_phdr(drop_constants, nullptr);
}

}  // namespace aka::platform
