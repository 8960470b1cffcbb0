#include "tests/model/reference.hpp"

#include <algorithm>
#include <tuple>

namespace model {
namespace {

Answer refused(std::string status)
{
    return {
        .status = std::move(status), .made = {}, .amount = {}, .before = {}, .after = {}, .available = {}};
}

Answer insufficient(Tokens wanted, Tokens available, WalletState const& wallet)
{
    auto answer = refused("insufficient_balance");
    answer.amount = wanted;
    answer.available = available;
    answer.held = wallet.held;
    return answer;
}

std::string key_of(Operation const& operation, int wallet)
{
    return std::string(name(operation.kind)) + " " + std::to_string(wallet) + " " +
           std::to_string(operation.key);
}

void append(std::string& text, std::string_view what, std::optional<Tokens> value)
{
    if (value) text += " " + std::string(what) + " " + std::to_string(*value);
}

} // namespace

std::string text(Answer const& answer)
{
    auto result = answer.status;
    if (answer.made) result += " made " + std::to_string(*answer.made);
    append(result, "amount", answer.amount);
    append(result, "before", answer.before);
    append(result, "after", answer.after);
    append(result, "available", answer.available);
    append(result, "held", answer.held);
    if (answer.became) result += ", " + *answer.became;
    return result;
}

std::string text(WalletState const& state)
{
    return "balance " + std::to_string(state.balance) + " held " + std::to_string(state.held) + " debt " +
           std::to_string(state.debt) + " expired " + std::to_string(state.expired);
}

Reference::Reference(int people) : people_(at(people)), wallets_(at(people))
{
    for (auto person = 0; person < people; ++person)
        people_[at(person)].wallet = person;
}

Answer Reference::apply(Operation const& operation)
{
    switch (operation.kind) {
    case Kind::wait:
        for (auto i = 0; i < operation.hours; ++i) {
            ++hour_;
            for (std::size_t wallet = 0; wallet < wallets_.size(); ++wallet)
                hour_passes(static_cast<int>(wallet));
        }
        return refused("ok");
    case Kind::read:
        return read(operation);
    case Kind::spend:
        return spend(operation);
    case Kind::hold:
        return hold(operation);
    case Kind::capture:
    case Kind::release:
        return end_hold(operation);
    case Kind::mark_started:
        return mark_started(operation);
    case Kind::grant:
        return grant(operation);
    case Kind::transfer:
        return transfer(operation);
    case Kind::reverse:
        return reverse(operation);
    case Kind::block:
        return block(operation, true);
    case Kind::unblock:
        return block(operation, false);
    case Kind::owe:
        return owe(operation);
    case Kind::confirm:
        return confirm(operation);
    case Kind::leave:
        return leave(operation);
    case Kind::come_back:
        return come_back(operation);
    }
    return refused("unknown kind");
}

std::vector<int> Reference::touched(Operation const& operation) const
{
    switch (operation.kind) {
    case Kind::wait:
    case Kind::leave: // which does nothing of what is due
    case Kind::come_back:
        return {};
    case Kind::capture:
    case Kind::release:
    case Kind::mark_started: {
        auto const hold = holds_.find({operation.of, 0});
        return hold == holds_.end() ? std::vector<int>() : std::vector{hold->second.wallet};
    }
    case Kind::reverse: {
        auto const entry = entries_.find(operation.of);
        return entry == entries_.end() ? std::vector<int>() : std::vector{entry->second.wallet};
    }
    case Kind::transfer:
        return {wallet_of(operation.wallet), wallet_of(operation.to)};
    default:
        return {wallet_of(operation.wallet)};
    }
}

std::vector<std::string> Reference::grants(int wallet) const
{
    auto result = std::vector<std::string>();
    for (auto const& grant : wallets_[at(wallet)].grants) {
        result.push_back("entry " + std::to_string(grant.entry) + " priority " +
                         std::to_string(grant.priority) + ": " + std::to_string(grant.remaining) + " of " +
                         std::to_string(grant.amount));
    }
    std::sort(result.begin(), result.end());
    return result;
}

// --- Tokens

// What a plain spend may take: a debt leaves nothing.
Tokens Reference::available(int wallet) const
{
    auto const& state = wallets_[at(wallet)].state;
    return state.debt > 0 ? 0 : state.balance - state.held;
}

// Due tokens that are kept for holds go first, but only to a hold placed before they expired (`hold_created`,
// an hour; `never` for a plain spend); then by priority, earliest expiry, oldest.
std::vector<Reference::Slice> Reference::burn(int wallet, Tokens amount, int hold_created)
{
    auto& [state, blocked, grants, has_left] = wallets_[at(wallet)];
    auto order = std::vector<std::size_t>();
    for (std::size_t i = 0; i < grants.size(); ++i) {
        if (!grants[i].due || hold_created < grants[i].expires) order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [&all = grants](std::size_t left, std::size_t right) {
        auto const place = [&all](std::size_t i) {
            auto const& grant = all[i];
            return std::tuple(!grant.due, grant.due ? 0 : grant.priority, grant.expires, i);
        };
        return place(left) < place(right);
    });

    auto slices = std::vector<Slice>();
    state.balance -= amount;
    for (auto const i : order) {
        auto const part = std::min(amount, grants[i].remaining);
        if (part == 0) continue;
        if (grants[i].due) ++events_["kept tokens burned"];
        grants[i].remaining -= part;
        amount -= part;
        slices.push_back({.grant = i, .amount = part});
    }
    return slices;
}

void Reference::add_grant(int wallet, Grant grant)
{
    wallets_[at(wallet)].state.balance += grant.amount;
    grant.remaining = grant.amount;
    wallets_[at(wallet)].grants.push_back(grant);
}

void Reference::pay_debt(int wallet)
{
    auto& state = wallets_[at(wallet)].state;
    auto const pay = std::min(state.debt, state.balance - state.held);
    if (pay <= 0) return;
    burn(wallet, pay);
    state.debt -= pay;
    ++events_["debt paid"];
}

// Each due grant, earliest expiry first, keeps what open holds placed before its expiry need and no earlier
// one keeps.
void Reference::expire_due(int wallet)
{
    auto& [state, blocked, grants, has_left] = wallets_[at(wallet)];
    auto due = std::vector<Grant*>();
    for (auto& grant : grants) {
        if (grant.due) due.push_back(&grant);
    }
    std::stable_sort(due.begin(), due.end(),
                     [](Grant const* left, Grant const* right) { return left->expires < right->expires; });
    auto kept = Tokens{0};
    for (auto* const grant : due) {
        auto needed = -kept;
        for (auto const& [label, hold] : holds_) {
            if (hold.open && hold.wallet == wallet && hold.created < grant->expires) needed += hold.amount;
        }
        auto const keep = std::min(grant->remaining, std::max(Tokens{0}, needed));
        auto const gone = grant->remaining - keep;
        if (keep > 0) ++events_["tokens kept for a hold"];
        if (gone > 0) ++events_["tokens expired"];
        kept += keep;
        grant->remaining = keep;
        state.balance -= gone;
        state.expired += gone;
    }
}

void Reference::hour_passes(int wallet)
{
    auto eventful = false;
    for (auto& grant : wallets_[at(wallet)].grants) {
        eventful = eventful || (grant.remaining > 0 && grant.expires == hour_);
        grant.due = grant.due || grant.expires == hour_;
    }
    expire_due(wallet);
    if (eventful) pay_debt(wallet);

    auto lapsing = std::vector<Hold*>();
    for (auto& [label, hold] : holds_) {
        if (hold.open && hold.wallet == wallet && hold.expires == hour_) lapsing.push_back(&hold);
    }
    // Holds of one call were placed in the same instant and lapse in the same; others one after the other.
    for (auto hold = lapsing.begin(); hold != lapsing.end(); ++hold) {
        lapse(**hold);
        auto const next = hold + 1;
        if (next != lapsing.end() && (*next)->call == (*hold)->call) continue;
        expire_due(wallet);
        pay_debt(wallet); // from what the lapses set free
    }
}

void Reference::lapse(Hold& hold)
{
    auto& state = wallets_[at(hold.wallet)].state;
    hold.open = false;
    state.held -= hold.amount;
    ++events_[hold.lapse > 0 ? "lapse charged" : "lapse released"];
    if (hold.lapse > 0) {
        auto const before = state.balance;
        burn(hold.wallet, hold.lapse, hold.created);
        hold.asked = hold.lapse;
        hold.settled = refused("ok");
        hold.settled.made = -1;
        hold.settled.amount = hold.lapse;
        hold.settled.before = before;
        hold.settled.after = before - hold.lapse;
    }
}

std::string Reference::became(Hold const& hold)
{
    if (hold.open) return "open";
    if (!hold.asked) return "lapsed";
    auto const tokens = " " + std::to_string(hold.settled.amount.value());
    if (hold.settled.made == -1) return "charged" + tokens;
    return (*hold.asked > 0 ? "captured" : "released") + tokens;
}

// --- Requests

std::optional<Answer> Reference::repeated(Operation const& operation, int wallet, int other) const
{
    auto label = operation.label;
    if (operation.key != 0) {
        auto const known = keys_.find(key_of(operation, wallet));
        if (known == keys_.end()) return {};
        label = known->second;
    }
    auto const found = entries_.find(label);
    if (found == entries_.end()) return {};
    auto const& entry = found->second;
    auto const print = operation.key != 0 ? fingerprint(operation) : std::string();
    if (entry.fingerprint != print || entry.other != other) return refused("idempotency_key_reused");
    return Answer{.status = "replayed",
                  .made = label,
                  .amount = entry.amount,
                  .before = entry.before,
                  .after = entry.after,
                  .available = {}};
}

Answer Reference::remember(Operation const& operation, Entry entry)
{
    if (operation.key != 0) {
        entry.fingerprint = fingerprint(operation);
        keys_[key_of(operation, entry.wallet)] = operation.label;
    }
    entry.kind = operation.kind;
    auto const answer = Answer{.status = "ok",
                               .made = operation.label,
                               .amount = entry.amount,
                               .before = entry.before,
                               .after = entry.after,
                               .available = {}};
    entries_[operation.label] = std::move(entry);
    return answer;
}

Answer Reference::read(Operation const& operation)
{
    auto const& state = wallets_[at(wallet_of(operation.wallet))].state;
    auto answer = refused("ok");
    answer.amount = state.balance;
    answer.before = state.held;
    answer.after = state.debt;
    return answer;
}

Answer Reference::spend(Operation const& operation)
{
    auto const w = wallet_of(operation.wallet);
    if (auto const answer = repeated(operation, w, 0)) return *answer;
    if (operation.amount <= 0) return refused("invalid_amount");
    if (wallets_[at(w)].blocked) return refused("wallet_blocked");
    if (operation.amount > available(w)) return insufficient(operation.amount, available(w), state(w));
    auto entry = Entry();
    entry.wallet = w;
    entry.amount = operation.amount;
    entry.before = state(w).balance;
    entry.slices = burn(w, operation.amount);
    entry.after = state(w).balance;
    return remember(operation, std::move(entry));
}

// Many in one call are told as the last one is, with the tokens that all of them hold.
Answer Reference::hold(Operation const& operation)
{
    if (operation.times == 0) return place(operation, {operation.label, 0});
    auto tokens = Tokens{0};
    auto answer = Answer();
    for (auto i = 0; i < operation.times; ++i) {
        answer = place(operation, {operation.label, i});
        if (answer.status == "ok" || answer.status == "replayed") tokens += operation.amount;
    }
    answer.made = {};
    answer.amount = tokens;
    return answer;
}

Answer Reference::place(Operation const& operation, HoldName const& own)
{
    auto const w = wallet_of(operation.wallet);
    auto name = own;
    auto const print = operation.key != 0 ? fingerprint(operation) : std::string();
    if (operation.key != 0) {
        auto const known = keys_.find(key_of(operation, w));
        name = {known == keys_.end() ? 0 : known->second, 0};
    }
    if (auto const known = holds_.find(name); known != holds_.end()) {
        if (known->second.fingerprint != print) return refused("idempotency_key_reused");
        auto answer = refused("replayed");
        answer.made = name.first;
        answer.amount = known->second.amount;
        answer.became = became(known->second);
        return answer;
    }
    if (operation.amount <= 0 || operation.lapse > operation.amount) return refused("invalid_amount");
    if (wallets_[at(w)].blocked) return refused("wallet_blocked");
    if (operation.amount > available(w)) return insufficient(operation.amount, available(w), state(w));
    if (operation.key != 0) keys_[key_of(operation, w)] = operation.label;
    auto hold = Hold();
    hold.wallet = w;
    hold.amount = operation.amount;
    hold.lapse = operation.lapse;
    hold.created = hour_;
    hold.call = call_;
    hold.expires = hour_ + operation.hours;
    hold.fingerprint = print;
    holds_[own] = std::move(hold);
    wallets_[at(w)].state.held += operation.amount;
    auto answer = refused("ok");
    answer.made = operation.label;
    answer.amount = operation.amount;
    answer.available = available(w);
    answer.became = "open";
    return answer;
}

Answer Reference::end_hold(Operation const& operation)
{
    auto const found = holds_.find({operation.of, 0});
    if (found == holds_.end()) return refused("hold_not_found");
    auto& hold = found->second;
    auto const w = hold.wallet;
    auto const wanted = operation.kind == Kind::release ? Tokens{0} : operation.amount;
    if (hold.asked) {
        auto answer = hold.settled;
        if (*hold.asked != wanted) {
            answer = refused("hold_already_settled");
            answer.amount = hold.settled.amount;
            return answer;
        }
        answer.status = "replayed";
        return answer;
    }
    if (wanted < 0) return refused("invalid_amount");
    // What was held is paid whatever has become of the wallet; beyond it a capture is a plain spend.
    auto const own = hold.open ? hold.amount : 0;
    auto const beyond = wanted > own && wallets_[at(w)].blocked;
    if (beyond && !(hold.open && operation.clamp)) return refused("wallet_blocked");
    auto const most = own + (beyond ? 0 : available(w));
    if (wanted > most && !operation.clamp) return insufficient(wanted, most, state(w));
    if (beyond) ++events_["captured what was held of a blocked wallet"];

    auto const took = std::min(wanted, most);
    auto const was_open = hold.open;
    if (hold.open) wallets_[at(w)].state.held -= hold.amount;
    hold.open = false;
    hold.asked = wanted;
    hold.settled = refused("ok");
    hold.settled.amount = took;
    if (took > 0) {
        ++events_[was_open ? took > hold.amount ? "captured more than held" : "captured" : "captured late"];
        auto entry = Entry();
        entry.kind = Kind::spend;
        entry.wallet = w;
        entry.amount = took;
        entry.before = state(w).balance;
        entry.slices = burn(w, took, was_open ? hold.created : never);
        hold.settled.made = operation.label;
        hold.settled.before = entry.before;
        entries_[operation.label] = std::move(entry);
    }
    if (was_open) {
        expire_due(w);
        pay_debt(w);
    }
    if (took > 0) hold.settled.after = state(w).balance;
    auto answer = hold.settled;
    answer.status = took < wanted ? "short" : "ok";
    answer.available = available(w);
    return answer;
}

Answer Reference::mark_started(Operation const& operation)
{
    auto const found = holds_.find({operation.of, 0});
    if (found == holds_.end()) return refused("hold_not_found");
    auto& hold = found->second;
    auto answer = refused("ok");
    answer.made = operation.of;
    answer.amount = operation.lapse;
    if (!hold.open) {
        answer.status = "hold_already_settled";
        answer.amount = hold.asked ? hold.settled.amount : 0;
    } else if (hold.lapse == operation.lapse && hold.lapse > 0) {
        answer.status = "replayed";
    } else if (operation.lapse < 1 || operation.lapse > hold.amount) {
        answer.status = "invalid_amount";
        answer.amount = {};
    } else {
        hold.lapse = operation.lapse;
    }
    return answer;
}

Answer Reference::grant(Operation const& operation)
{
    auto const w = wallet_of(operation.wallet);
    if (auto const answer = repeated(operation, w, 0)) return *answer;
    if (wallets_[at(w)].left) return refused("user_not_found");
    if (operation.amount <= 0) return refused("invalid_amount");
    if (operation.hours < 0) return refused("validation_error");
    auto entry = Entry();
    entry.wallet = w;
    entry.amount = operation.amount;
    entry.before = state(w).balance;
    auto grant = Grant();
    grant.entry = operation.label;
    grant.priority = operation.priority;
    grant.expires = operation.hours == 0 ? never : hour_ + operation.hours;
    grant.amount = operation.amount;
    add_grant(w, grant);
    pay_debt(w);
    entry.after = state(w).balance;
    return remember(operation, std::move(entry));
}

Answer Reference::transfer(Operation const& operation)
{
    auto const from = wallet_of(operation.wallet);
    auto const to = wallet_of(operation.to);
    if (auto const answer = repeated(operation, from, to)) return *answer;
    if (wallets_[at(to)].left) return refused("user_not_found");
    if (operation.amount <= 0) return refused("invalid_amount");
    if (from == to) return refused("validation_error");
    if (wallets_[at(from)].blocked) return refused("wallet_blocked");
    if (operation.amount > available(from))
        return insufficient(operation.amount, available(from), state(from));
    auto entry = Entry();
    entry.wallet = from;
    entry.other = to;
    entry.amount = operation.amount;
    entry.before = state(from).balance;
    auto arrived =
        std::map<std::pair<int, int>, Tokens>(); // by priority and expiry, which tokens keep on their way
    for (auto const& slice : burn(from, operation.amount)) {
        auto const& grant = wallets_[at(from)].grants[slice.grant];
        arrived[{grant.priority, grant.expires}] += slice.amount;
    }
    entry.after = state(from).balance;
    for (auto const& [kind, amount] : arrived) {
        auto grant = Grant();
        grant.entry = operation.label;
        std::tie(grant.priority, grant.expires) = kind;
        grant.amount = amount;
        add_grant(to, grant);
    }
    pay_debt(to);
    return remember(operation, std::move(entry));
}

Answer Reference::reverse(Operation const& operation)
{
    auto const found = entries_.find(operation.of);
    if (found == entries_.end()) return refused("entry_not_found");
    auto& entry = found->second;
    if (auto const answer = repeated(operation, entry.wallet, operation.of)) return *answer;
    if (entry.kind != Kind::spend && entry.kind != Kind::grant) return refused("entry_not_reversible");
    if (operation.amount < 0) return refused("invalid_amount");
    auto const left = entry.amount - entry.reversed;
    if (left == 0 || operation.amount > left) {
        auto answer = refused("reverse_exceeds_entry");
        answer.available = left;
        return answer;
    }
    return entry.kind == Kind::spend ? refund(operation, entry) : take_back(operation, entry);
}

// Tokens go back from the end of the burn to where they came from; those of a grant that has expired expire
// again.
Answer Reference::refund(Operation const& operation, Entry& spend)
{
    auto& [state, blocked, grants, has_left] = wallets_[at(spend.wallet)];
    auto left = operation.amount == 0 ? spend.amount - spend.reversed : operation.amount;
    auto entry = Entry();
    entry.wallet = spend.wallet;
    entry.other = operation.of;
    entry.amount = left;
    entry.before = state.balance;
    spend.reversed += left;
    for (auto slice = spend.slices.rbegin(); slice != spend.slices.rend(); ++slice) {
        auto const back = std::min(left, slice->amount);
        auto& grant = grants[slice->grant];
        slice->amount -= back;
        left -= back;
        if (grant.expires > hour_) {
            grant.remaining += back;
            state.balance += back;
        } else {
            state.expired += back;
            if (back > 0) ++events_["refund expired"];
        }
    }
    pay_debt(spend.wallet);
    entry.after = state.balance;
    return remember(operation, std::move(entry));
}

// Only what is unspent of the grant and not held; nothing of one that has expired.
Answer Reference::take_back(Operation const& operation, Entry& granted)
{
    auto& [state, blocked, grants, has_left] = wallets_[at(granted.wallet)];
    auto const grant = std::find_if(grants.begin(), grants.end(),
                                    [&](Grant const& one) { return one.entry == operation.of; });
    auto const unspent = grant->due ? 0 : std::min(grant->remaining, state.balance - state.held);
    auto const left = granted.amount - granted.reversed;
    auto const amount = operation.amount == 0 ? std::min(left, unspent) : operation.amount;
    if (amount == 0 || amount > unspent) {
        return insufficient(operation.amount == 0 ? left : operation.amount, unspent, state);
    }
    auto entry = Entry();
    entry.wallet = granted.wallet;
    entry.other = operation.of;
    entry.amount = amount;
    entry.before = state.balance;
    grant->remaining -= amount;
    granted.reversed += amount;
    state.balance -= amount;
    entry.after = state.balance;
    return remember(operation, std::move(entry));
}

Answer Reference::owe(Operation const& operation)
{
    wallets_[at(wallet_of(operation.wallet))].state.debt += operation.amount;
    return refused("ok");
}

Answer Reference::block(Operation const& operation, bool blocked)
{
    wallets_[at(wallet_of(operation.wallet))].blocked = blocked;
    return refused("ok");
}

// --- People

// Once an account: the address is known from then on. A block comes back with an address that left with it.
Answer Reference::confirm(Operation const& operation)
{
    auto& person = people_[at(operation.wallet)];
    if (!person.here || person.confirmed) return refused("ok");
    person.confirmed = true;
    if (person.known_blocked) {
        wallets_[at(person.wallet)].blocked = true;
        ++events_["blocked on coming back"];
    }
    if (person.known) {
        ++events_["came back to no starting tokens"];
        return refused("ok");
    }
    person.known = true;
    auto grant = Grant();
    grant.entry = -1;
    grant.priority = starting_priority;
    grant.amount = starting_tokens;
    add_grant(person.wallet, grant);
    pay_debt(person.wallet);
    ++events_["starting tokens"];
    return refused("ok");
}

// The wallet is blocked and given nothing any more; the address remembers whether an operator had blocked it, if it ever had
// its turn.
Answer Reference::leave(Operation const& operation)
{
    auto& person = people_[at(operation.wallet)];
    if (!person.here) return refused("ok");
    auto& wallet = wallets_[at(person.wallet)];
    person.here = false;
    if (person.confirmed) person.known_blocked = wallet.blocked;
    wallet.blocked = true;
    wallet.left = true;
    ++events_[wallet.state.held > 0 ? "left with open holds" : "left"];
    return refused("ok");
}

Answer Reference::come_back(Operation const& operation)
{
    auto& person = people_[at(operation.wallet)];
    if (person.here) return refused("ok");
    person.here = true;
    person.confirmed = false;
    person.wallet = wallets();
    wallets_.emplace_back();
    ++events_["came back"];
    return refused("ok");
}

} // namespace model
