#pragma once

#include <httplib.h>

namespace aka::web {

/// Server::process_request() on both releases: 0.18 takes the addresses of both ends as well, which
/// it only copies into the request.
class CompatibleServer : public httplib::Server {
 protected:
  bool process(httplib::Stream& stream, bool last, bool& closed) {
    return process_on(*this, stream, last, closed);
  }

 private:
  template <typename Self>
  static bool process_on(Self& self, httplib::Stream& stream, bool last, bool& closed) {
    if constexpr (requires { self.process_request(stream, last, closed, nullptr); }) {
      return self.process_request(stream, last, closed, nullptr);
    } else {
      return self.process_request(stream, "", 0, "", 0, last, closed, nullptr);
    }
  }
};

}  // namespace aka::web
