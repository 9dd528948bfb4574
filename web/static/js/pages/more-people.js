/** Inviting more people to a session in progress. */

import { wireExperts } from "../forms/invitation.js";

wireExperts();
