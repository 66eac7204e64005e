#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "web/http.h"

namespace aka::web {

/// Whether the request asks for gzip by name, with a weight above 0 and not below that of
/// `identity`. A mere `*` is content with identity, which costs nothing.
bool accepts_gzip(const Request& request);

/// Compresses what is written to it and hands the blocks on; fast rather than small (zlib level 1).
/// One thread at a time.
class GzipSink {
 public:
  explicit GzipSink(Sink below);
  ~GzipSink();
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  /// False once the sink below has said so.
  bool write(std::string_view block);
  /// Writes what is left and the trailer. Nothing may be written afterwards.
  bool finish();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace aka::web
