#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/record.h"
#include "store/store.h"

namespace aka::store::testing {

/// A place where one store is, at first empty: what a new kind of store hands to the suite.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<Store> open(const base::Clock& clock) = 0;  ///< what is there, again
  virtual std::vector<journal::Record> records() = 0;  ///< also while the store is open
};

/// What every store must do; called in a TEST_CASE, with subcases of its own.
void check_contract(const std::function<std::unique_ptr<Backend>()>& make);

Transition noted(const std::string& text);  ///< one record that says it
/// Empty if the records are one whole chain that ends with `head`.
std::string fault_in(const std::vector<journal::Record>& records, const Head& head);

}  // namespace aka::store::testing
