-- Ends the ownership. ARGV: lifetime of the counts of an empty mailbox; ids of messages that were
-- counted and did not reach their actor.
for i = 5, #ARGV do
  if redis.call('HINCRBY', KEYS[3], ARGV[i], -1) < 1 then redis.call('HDEL', KEYS[3], ARGV[i]) end
end
redis.call('HDEL', KEYS[2], 'owner', 'lease')
local rest = redis.call('XLEN', KEYS[1])
if rest == 0 then
  redis.call('DEL', KEYS[1], KEYS[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
return {'ok', tonumber(held[3] or '0'), rest}
