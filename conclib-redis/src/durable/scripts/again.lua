-- Counts one more attempt of a message. ARGV: id.
return {'ok', tonumber(held[3] or '0'), redis.call('HINCRBY', KEYS[3], ARGV[4], 1)}
