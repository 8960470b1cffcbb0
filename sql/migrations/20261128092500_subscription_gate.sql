-- Whom a subscription keeps from spending is one of three rules, not two.

alter table farebox.settings
    add column subscription_gate text not null default 'ended'
        constraint settings_subscription_gate check (subscription_gate in ('ended', 'required', 'never'));
update farebox.settings
   set subscription_gate = case when subscription_required then 'required' else 'ended' end;
alter table farebox.settings drop column subscription_required;
comment on column farebox.settings.subscription_gate is
    'ended: whose subscription has ended may not spend, who never had one may. required: who has none that runs may not. never: all may.';
