#!lua flags=no-writes
-- Counts the messages of a mailbox. KEYS: mail, meta.
return {redis.call('XLEN', KEYS[1])}
