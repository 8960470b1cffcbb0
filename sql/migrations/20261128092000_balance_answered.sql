-- What a move answered as the balance after it, where that is not the balance of its own entry: because tokens expired or a debt
-- was paid in the same call, after it. The same request again is given the first answer, and nothing else tells where that call ended:
-- one call may make many moves in the same instant. Entries of before have none; what they answered is their own balance.

alter table farebox.entries
    add column answered bigint check (answered >= 0);
comment on column farebox.entries.answered is
    'The balance when the call that made the move returned, where something expired or a debt was paid in it after this entry.';
