#include "web/gzip.h"

#include <string>
#include <vector>
#include <zlib.h>

#include <doctest/doctest.h>

using namespace aka::web;

namespace {

std::string gunzip(std::string packed) {
  z_stream zlib{};
  REQUIRE(inflateInit2(&zlib, 15 + 16) == Z_OK);
  std::string text(64 * packed.size() + 1024, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_in = static_cast<uInt>(packed.size());
  zlib.next_out = reinterpret_cast<Bytef*>(text.data());
  zlib.avail_out = static_cast<uInt>(text.size());
  CHECK(inflate(&zlib, Z_FINISH) == Z_STREAM_END);
  CHECK(zlib.avail_in == 0);
  text.resize(zlib.total_out);
  inflateEnd(&zlib);
  return text;
}

}  // namespace

TEST_SUITE("web gzip") {
  TEST_CASE("gzip is for those who name it and do not like identity better") {
    const std::vector<std::pair<std::vector<std::string>, bool>> rows{
        {{}, false},
        {{""}, false},
        {{"gzip"}, true},
        {{"GZIP"}, true},
        {{"deflate, gzip;q=1.0, *;q=0.5"}, true},
        {{"br", "gzip"}, true},
        {{"gzip;q=0"}, false},
        {{"gzip;q=0.000"}, false},
        {{"gzip ; q=0.001"}, true},
        {{"gzip;q=nonsense"}, false},
        {{"gzip;q=0, *"}, false},
        {{"*"}, false},
        {{"br, *"}, false},
        {{"br"}, false},
        {{"xgzip"}, false},
        {{"identity"}, false},
        {{"gzip;q=0.5, identity;q=1"}, false},
        {{"gzip;q=0.5, identity;q=0.5"}, true},
        {{"identity;q=0, gzip;q=0.1"}, true},
    };
    for (const auto& [headers, expected] : rows) {
      Request request;
      for (const auto& header : headers) request.headers.emplace("accept-encoding", header);
      CAPTURE(headers.size());
      CAPTURE((headers.empty() ? std::string() : headers[0]));
      CHECK(accepts_gzip(request) == expected);
    }
  }

  TEST_CASE("what was written in blocks unpacks to the same text") {
    std::string packed;
    std::string text;
    GzipSink sink([&](std::string_view block) {
      packed += block;
      return true;
    });
    unsigned noise = 1;
    for (int line = 0; line < 20'000; ++line) {
      noise = noise * 1664525U + 1013904223U;
      const auto block = "atlas_key_up{key=\"" + std::to_string(noise) + "\"} 1\n";
      text += block;
      REQUIRE(sink.write(block));
    }
    REQUIRE(sink.write(""));
    REQUIRE(sink.finish());
    CHECK(packed.size() < text.size() / 2);
    CHECK(gunzip(packed) == text);
  }

  TEST_CASE("an empty text is a valid gzip file too") {
    std::string packed;
    GzipSink sink([&](std::string_view block) {
      packed += block;
      return true;
    });
    REQUIRE(sink.finish());
    CHECK(gunzip(packed).empty());
  }

  TEST_CASE("nothing more is handed on once the sink below has refused") {
    int calls = 0;
    GzipSink sink([&](std::string_view) {
      ++calls;
      return false;
    });
    std::string noise;
    for (unsigned n = 1, i = 0; i < 200'000; ++i)
      noise += static_cast<char>((n = n * 69069U + 1U) >> 24);
    CHECK_FALSE(sink.write(noise));
    CHECK_FALSE(sink.write(noise));
    CHECK_FALSE(sink.finish());
    CHECK(calls == 1);
  }
}
