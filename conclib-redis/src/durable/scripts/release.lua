-- Ends the ownership. ARGV: ids of messages that were read and did not reach their actor.
for i = 4, #ARGV do redis.call('HINCRBY', KEYS[3], ARGV[i], -1) end
redis.call('XGROUP', 'DESTROY', KEYS[1], group)
redis.call('HDEL', KEYS[2], 'owner', 'lease')
return {'ok', redis.call('XLEN', KEYS[1])}
