// Head and foot of every page. Everything a page refers to comes from the daemon itself.
#include "page/frame.h"

#include "page/assets.h"

namespace aka::page {

void put_head(Html& html, std::string_view title) {
  html.put(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{} · atlas-key-auditor</title>
<link rel="stylesheet" href="{}">
<link rel="icon" href="data:,">
<script defer src="{}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><p class="name"><a href="/">atlas-key-auditor</a></p>
<nav aria-label="Data"><a href="/api/v1/findings">Findings as JSON</a> <a href="/api/v1/keys">Keys</a> <a href="/api/v1/status">Status</a> <a href="/metrics">Metrics</a></nav>
<p class="clock" id="clock"></p></header>
<p id="lost" class="trouble" role="alert" hidden></p>
<p id="told" class="unseen" role="status"></p>
<main id="main" tabindex="-1">
)",
           title, style().address, script().address);
}

void put_foot(Html& html, std::string_view version) {
  html.put(
      "</main>\n<footer>atlas-key-auditor {}. A key counts as compliant only while that is proven: "
      "a failed "
      "poll proves nothing.</footer>\n</body>\n</html>\n",
      version);
}

std::string notice(std::string_view title, std::string_view text, std::string_view version) {
  std::string page;
  Html html(page);
  put_head(html, title);
  html.put("<h1>{}</h1><p>{}</p><p><a href=\"/\">To the status page</a></p>", title, text);
  put_foot(html, version);
  return page;
}

}  // namespace aka::page
