-- Counts one more attempt of a message. ARGV: id.
return {'ok', redis.call('HINCRBY', KEYS[3], ARGV[4], 1)}
