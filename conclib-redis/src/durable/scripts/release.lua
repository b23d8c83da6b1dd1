-- Ends the ownership. ARGV: lifetime of the counts of an empty mailbox; ids of messages that have
-- begun, oldest first, and their numbers of attempts, or 0 if the server knows the number unless it
-- is 1.
local counted = held[6] or '0-0'
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '0' then
    redis.call('HSETNX', KEYS[3], ARGV[i], 1)
  else
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  end
  if is_after(ARGV[i], counted) then counted = ARGV[i] end
end
redis.call('HDEL', KEYS[2], 'owner', 'lease', 'read')
local rest = redis.call('XLEN', KEYS[1])
if rest > 0 then
  redis.call('HSET', KEYS[2], 'counted', counted)
else
  redis.call('DEL', KEYS[1], KEYS[3])
  redis.call('HDEL', KEYS[2], 'begun', 'counted')
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
return {'ok', tonumber(held[3] or '0'), rest}
