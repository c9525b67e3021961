// ELOTrain
