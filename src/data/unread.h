/* unread.h: what an HDF5 data set holds in places where sld does not look. */
#ifndef SLD_DATA_UNREAD_H
#define SLD_DATA_UNREAD_H

#include "format.h"
#include "sld/store.h"

/* unread.c. Local. Warns once each of a third split and of normalisation and names elsewhere. */
void sld_data_warn_unread(sld_ctx *ctx, sld_doc *doc, const data_shape *shape);

/* enums.c. Local. Refuses labels that an HDF5 enumeration numbers otherwise in test than in train,
 * and warns once of names that stand in one alone. path: of the labels. */
sld_status sld_data_check_enums(sld_ctx *ctx, sld_doc *doc, const char *const path[SPLITS],
                                bool named);

#endif
