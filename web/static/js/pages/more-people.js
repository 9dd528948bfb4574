/** Inviting more people to a session in progress, and correcting one of them. */

import { wireExperts } from "../forms/invitation.js";
import { wirePreview } from "../forms/preview.js";
import { loadCatalog } from "../shared/catalog.js";

wireExperts();
for (const form of document.querySelectorAll("form")) wirePreview(form);
void loadCatalog();
