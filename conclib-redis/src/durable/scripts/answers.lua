-- Returns the answers that a sender has not taken, after those are removed that it has.
-- KEYS: answers. ARGV: numbers that were taken.
if #ARGV > 0 then redis.call('HDEL', KEYS[1], unpack(ARGV)) end
return redis.call('HVALS', KEYS[1])
