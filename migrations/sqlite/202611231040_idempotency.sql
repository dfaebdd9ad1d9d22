-- Answers to requests that may be repeated: the key is the caller's, and stands for one request.
create table replies (
    scope       text    not null,
    key         text    not null,
    -- A hash of method, address and body.
    fingerprint blob    not null,
    epoch       integer not null,
    claimed_at  integer not null,
    claim_until integer not null,
    -- Null until there is an answer.
    status      integer,
    -- JSON: names and values in order.
    headers     text,
    body        blob,
    primary key (scope, key)
) strict;

create index replies_by_age on replies (claimed_at);
