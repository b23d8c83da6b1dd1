-- Makes a process the owner of a mailbox that has messages, unless another one is.
-- KEYS: mail, meta. ARGV: nonce, lease, grace, channel of the owner, id up to which this process has
-- read already, which the server may have forgotten.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held = redis.call('HMGET', KEYS[2], 'token', 'owner', 'lease', 'commits', 'read', 'begun')
local commits = tonumber(held[4] or '0')
if redis.call('XLEN', KEYS[1]) == 0 then return {'empty', commits} end
local lease = tonumber(held[3] or '0')
if held[2] and held[2] ~= ARGV[1] and lease > now then
  -- An owner that does not listen has lost its connection: it has a short time to come back.
  local renewed = lease - tonumber(ARGV[2])
  if redis.call('PUBSUB', 'SHARDNUMSUB', ARGV[4])[2] == 0 then lease = renewed + tonumber(ARGV[3]) end
  if lease > now then return {'held', commits, lease - now} end
end
-- The clock makes the token differ from one that a lost server has given.
local token = string.format('%d', math.max(tonumber(held[1] or '0') + 1, now))
-- The last owner may have begun all messages that it has read.
local read, begun = held[5] or '0-0', held[6] or '0-0'
if is_after(read, begun) then begun = read end
if is_after(ARGV[5], begun) then begun = ARGV[5] end
redis.call('HSET', KEYS[2], 'token', token, 'owner', ARGV[1], 'read', '0-0', 'begun', begun,
  'lease', string.format('%d', now + ARGV[2]))
redis.call('PERSIST', KEYS[2])
return {'ok', commits, token}
