#pragma once

#include <memory>
#include <string>

#include "http/channel.h"
#include "http/message.h"
#include "http/origin.h"
#include "http/wait.h"

namespace aka::http {

/// How one try of a request over one connection ended.
struct Attempt {
  Exchange exchange;
  bool answered = false;  ///< at least one byte of an answer arrived
  bool reusable = false;  ///< the connection can carry another request
};

/// Speaks HTTP/1.1 over whatever channel it is given; cpp-httplib does the speaking. Kept between
/// requests for its buffers. Used by one thread at a time.
class Engine {
 public:
  Engine(const Origin& origin, std::string user_agent);
  ~Engine();

  /// One request, which what_is_unfit() has passed, and its answer.
  Attempt run(Channel& channel, const Request& request, const Until& until);

 private:
  class Client;

  std::string host_header_;
  std::string user_agent_;
  std::unique_ptr<Client> client_;
  std::string buffer_;  ///< received and not yet consumed
};

}  // namespace aka::http
