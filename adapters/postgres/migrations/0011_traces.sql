alter table csbe.jobs add column traceparent text;

comment on column csbe.jobs.traceparent is 'The trace that the task continues (W3C Trace Context); none while traces are off.';
