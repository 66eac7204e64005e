// What text becomes on its way into a page.
#include "page/html.h"

#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "report/printable.h"

namespace aka::page {
namespace {

std::string read_back(std::string text) {
  const std::vector<std::pair<std::string, std::string>> references{
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};
  for (const auto& [reference, symbol] : references) {
    for (std::size_t at = text.find(reference); at != std::string::npos;
         at = text.find(reference, at + symbol.size())) {
      text.replace(at, reference.size(), symbol);
    }
  }
  return text;
}

TEST_CASE("markup is shown and no longer acts") {
  struct Case {
    std::string_view text;
    std::string_view html;
  };
  const std::vector<Case> cases{
      {"ci deployer", "ci deployer"},
      {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
      {R"(" onclick="x)", "&quot; onclick=&quot;x"},
      {"' autofocus '", "&#39; autofocus &#39;"},
      {"a & b &lt;", "a &amp; b &amp;lt;"},
      {"clé 鍵", "clé 鍵"},
      {"\u202enimda", "\\u{202e}nimda"},
      {"\xff<", "\\xff&lt;"},
      {"a\n\x1b[31m", "a\\n\\x1b[31m"},
      {"", ""},
  };
  for (const Case& row : cases) {
    CAPTURE(row.text);
    CHECK(escaped(row.text) == row.html);
  }
}

TEST_CASE("whatever the bytes, no character of markup comes out, and nothing is lost") {
  CHECK(rc::check([](const std::vector<unsigned char>& bytes) {
    const std::string text(bytes.begin(), bytes.end());
    const std::string html = escaped(text);
    RC_ASSERT(html.find_first_of("<>\"'") == std::string::npos);
    RC_ASSERT(read_back(html) == report::printable(text));
  }));
}

TEST_CASE("arguments are escaped, markup is not escaped again") {
  std::string page;
  Html(page).put(R"(<a title="{}">{}{}</a>)", "\"<", markup("<b>{}</b>", "&"), 7);
  CHECK(page == R"(<a title="&quot;&lt;"><b>&amp;</b>7</a>)");
}

TEST_CASE("a text in an address stays one parameter") {
  CHECK(in_address("a b&c=d#e/é") == "a%20b%26c%3Dd%23e%2F%C3%A9");
  CHECK(in_address("build-team_1.x~") == "build-team_1.x~");
}

}  // namespace
}  // namespace aka::page
