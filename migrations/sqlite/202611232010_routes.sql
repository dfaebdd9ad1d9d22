-- What routes need: since when nobody looks at an alert, and which group a message belongs to.

-- What escalations are counted from; null while somebody looks, and of episodes from before.
alter table alerts add column unattended_since integer;

-- The group whose other news a message holds back; null of one from before: that of its service.
alter table deliveries add column group_key blob check (group_key is null or length(group_key) = 16);
