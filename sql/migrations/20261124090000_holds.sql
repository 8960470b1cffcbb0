-- What a hold needs to be placed by a key and settled exactly once, over HTTP as well.

alter table farebox.holds
    add column key text,
    add column fingerprint bytea, -- SHA-256 of the request
    add column description text,
    add column metadata json,
    add column asked bigint check (asked >= 0), -- what its settlement asked for; `captured` may be less when it was clamped
    add column settled_by uuid,                 -- the id of the request that settled it; null after a lapse
    add column settled_at timestamptz,
    add constraint holds_key_and_fingerprint check ((key is null) = (fingerprint is null)),
    add constraint holds_key_length check (char_length(key) between 1 and 255),
    add constraint holds_settled_at_once check (
        (settled_at is null) = (settled_by is null) and (settled_at is null) = (asked is null));
create unique index holds_key on farebox.holds (wallet, key) where key is not null;
comment on column farebox.holds.captured is
    'What it was settled with, or what its lapse charged; null while it is open and after a lapse that released it.';
