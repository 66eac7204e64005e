// Sending and counting. Entry point: Line::send().
#include "atlas/line.h"

namespace aka::atlas {

http::Exchange Line::send(const http::Request& request) {
  const base::SteadyTime start = clock_.steady();
  http::Exchange exchange = send_aside(request);
  const int code = exchange ? exchange->status : exchange.error().status;
  sent_.push_back({code, clock_.steady() - start});
  return exchange;
}

http::Exchange Line::send_aside(const http::Request& request) {
  return transport_.send(request, until_);
}

}  // namespace aka::atlas
