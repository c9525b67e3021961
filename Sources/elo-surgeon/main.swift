print("elo")
