-- Begins each script of an owner: KEYS are mail, meta and tries; ARGV are token, nonce and lease.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held = redis.call('HMGET', KEYS[2], 'token', 'owner', 'commits', 'read', 'begun', 'counted')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then
  return {'fenced', tonumber(held[3] or '0'), tonumber(held[1] or '0')}
end
redis.call('HSET', KEYS[2], 'lease', string.format('%d', now + ARGV[3]))
