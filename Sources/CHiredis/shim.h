// hiredis's protocol reader alone: connections, formatting and callbacks of that library are not used.
#pragma once
#include <hiredis/read.h>
