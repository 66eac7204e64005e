#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace aka::base {

struct ListenAddress {
  std::string host;  ///< a name or an address without brackets; empty: every address of the machine
  int port = 0;      ///< 0: any free one

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "127.0.0.1:9974", "localhost:9974", "[::1]:9974", ":9974". The error shows the form.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// What parse_listen_address() reads back.
std::string to_string(const ListenAddress& address);

}  // namespace aka::base
