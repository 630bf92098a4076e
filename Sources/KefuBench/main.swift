import Histogram
import NIOHTTP1
print("bench")
