-- An operator's block comes back with what its owner had.

alter table farebox.used_addresses add column blocked_at timestamptz;
comment on column farebox.used_addresses.blocked_at is
    'Its last owner left with a wallet that an operator had blocked: whoever comes with it begins blocked.';
