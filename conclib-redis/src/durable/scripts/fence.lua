-- Begins each script of an owner: KEYS are mail, meta and tries; ARGV are token, nonce and lease.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held = redis.call('HMGET', KEYS[2], 'token', 'owner')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return {'fenced'} end
local group = ARGV[1] .. '-' .. ARGV[2]
redis.call('HSET', KEYS[2], 'lease', string.format('%d', now + ARGV[3]))
