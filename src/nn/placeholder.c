extern int sld_room_nn_placeholder; int sld_room_nn_placeholder;
