#pragma once

#include "web/connection.h"
#include "web/head.h"
#include "web/http.h"
#include "web/transport.h"

namespace aka::web {

enum class Next { keep_open, close, reset };

/// One request and its answer: httplib reads the request line, the handler answers, httplib writes.
/// `request` holds everything but what stands in the line.
Next exchange(const Head& head, Request request, const Service& service, Progress& progress,
              Writer& writer);

}  // namespace aka::web
