-- Removes answers that a sender has taken. KEYS: answers. ARGV: their numbers.
return redis.call('HDEL', KEYS[1], unpack(ARGV))
