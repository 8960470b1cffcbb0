// A queue that runs through its own items: joining it takes no memory and so cannot fail. An item is in one
// queue at a time and outlives its stay there.
#pragma once

#include <utility>

namespace db {

// `Item` has a member `Item* next`, which belongs to the queue while the item is in it.
template <class Item>
class IntrusiveQueue {
  public:
    bool empty() const { return first_ == nullptr; }

    // The item that has been here longest; nullptr when the queue is empty.
    Item* first() const { return first_; }

    void push(Item& item)
    {
        item.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &item;
        last_ = &item;
    }

    // Takes the first item off; there must be one.
    Item& pop()
    {
        auto& item = *first_;
        first_ = std::exchange(item.next, nullptr);
        if (first_ == nullptr) last_ = nullptr;
        return item;
    }

    // Takes this item out. False when it is not here. Walks the queue up to it.
    bool remove(Item& item)
    {
        Item* before = nullptr;
        auto* at = first_;
        while (at != nullptr && at != &item)
            before = std::exchange(at, at->next);
        if (at == nullptr) return false;
        (before != nullptr ? before->next : first_) = item.next;
        if (last_ == &item) last_ = before;
        item.next = nullptr;
        return true;
    }

  private:
    Item* first_ = nullptr;
    Item* last_ = nullptr;
};

} // namespace db
