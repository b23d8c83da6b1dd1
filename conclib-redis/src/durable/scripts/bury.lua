-- Moves a message to the dead letters, of which the oldest are dropped if they are too many.
-- KEYS: also dead. ARGV: id, reason, attempts, maximum number of dead letters.
local dropped = 0
local entry = redis.call('XRANGE', KEYS[1], ARGV[4], ARGV[4])[1]
if entry then
  local fields = entry[2]
  for _, field in ipairs({'why', ARGV[5], 'attempts', ARGV[6], 'at', string.format('%d', now)}) do
    fields[#fields + 1] = field
  end
  redis.call('XADD', KEYS[4], '*', unpack(fields))
  dropped = redis.call('XTRIM', KEYS[4], 'MAXLEN', ARGV[7])
end
redis.call('XDEL', KEYS[1], ARGV[4])
redis.call('HDEL', KEYS[3], ARGV[4])
return {'ok', redis.call('HINCRBY', KEYS[2], 'commits', 1), dropped}
