alter table csbe.tasks add column traceparent text;

comment on column csbe.tasks.traceparent is 'The trace that the task continues (W3C Trace Context); none while traces are off.';
