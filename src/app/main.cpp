// atlas-key-auditor: argv in, exit code out. Signals and the allocator are settled before the
// first thread exists; the one catch of last resort is here.
#include <exception>

#include "app/command_line.h"
#include "app/log.h"
#include "platform/memory.h"
#include "platform/signals.h"

int main(int argc, char** argv) {
  aka::platform::take_over_signals();
  aka::platform::bound_allocator_arenas();
  try {
    return aka::app::run_command_line(argc, argv);
  } catch (const std::exception& failure) {
    aka::app::log::error("internal_error", {{"message", failure.what()}});
    return 1;
  }
}
