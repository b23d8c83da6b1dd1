#!lua flags=allow-oom
-- Begins the scripts that own a mailbox: tells whether an id is after another one. They run also when
-- the memory is full: an owner gives memory back.
local function is_after(id, other)
  local time, number = string.match(id, '^(%d+)-(%d+)$')
  local other_time, other_number = string.match(other, '^(%d+)-(%d+)$')
  time, other_time = tonumber(time), tonumber(other_time)
  return time > other_time or (time == other_time and tonumber(number) > tonumber(other_number))
end
