/* Reads the layout that Python parsed. */

#ifndef TELECONNECT_PLAN_H
#define TELECONNECT_PLAN_H

#include "structures.h"

/* Make the plan from inbound->layout; if that cannot be used, all its packets go to Python. */
void make_plan(InboundStream *inbound);

#endif
