#pragma once

#include "base/url.h"

namespace aka::http {

// Settings hold URLs too, so these live in base/.
using base::Origin;
using base::parse_origin;
using base::parse_url;
using base::Scheme;
using base::Url;

}  // namespace aka::http
