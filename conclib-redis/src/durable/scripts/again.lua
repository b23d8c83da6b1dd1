-- Counts one more attempt of a message, before it begins. ARGV: id, number of the attempt.
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
return {'ok', tonumber(held[3] or '0')}
