-- Which SLOs a composite is made of, as its definition says: so that what a member folds again is
-- marked dirty for its composites, in the transaction that stores it.

create table composite_member (
    composite_id blob not null references slos (id),
    member_id    blob not null references slos (id),
    primary key (composite_id, member_id),
    check (composite_id <> member_id)
) strict, without rowid;

create index composite_member_of on composite_member (member_id);
