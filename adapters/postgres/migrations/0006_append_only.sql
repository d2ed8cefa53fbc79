create function csbe.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '% on %.%: what is recorded is never changed', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
comment on function csbe.refuse_change is 'Stands before every change of the log, whoever asks for it.';

create trigger append_only before update or delete or truncate on csbe.events
    for each statement execute function csbe.refuse_change();
create trigger append_only before update or delete or truncate on csbe.commands
    for each statement execute function csbe.refuse_change();
comment on trigger append_only on csbe.events is 'Facts are added, never changed.';
comment on trigger append_only on csbe.commands is 'What was answered once is answered for ever.';
