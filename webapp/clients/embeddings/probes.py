"""Questions, and for each a passage on its subject, which answers it in other words."""

from __future__ import annotations

from typing import Final

PROBES: Final = (
    (
        "how to keep slugs away from lettuce",
        "Slugs come out at night and eat young leaves. A ring of sharp sand around each bed"
        " and a saucer of beer beside the lettuce keep most of them away.",
    ),
    (
        "train times to Edinburgh",
        "The express leaves every two hours from platform four and reaches Waverley after"
        " four hours and twenty minutes. Seats can be reserved until the evening before.",
    ),
    (
        "interest rate of the mortgage",
        "The loan has a fixed rate of 3.4 per cent for ten years. After that the bank offers"
        " a new rate, and the rest may be repaid without a fee.",
    ),
    (
        "symptoms of measles in children",
        "The rash begins behind the ears about four days after the fever. Most patients"
        " recover within two weeks, but babies should be seen by a doctor.",
    ),
    (
        "who painted the water lilies",
        "Monet worked on the large canvases of his pond at Giverny until the end of his life,"
        " although he could hardly see the colours any more.",
    ),
    (
        "chain reaction in a reactor",
        "Each fission sets free two or three neutrons. Control rods of boron absorb some of"
        " them, so that as many atoms split as before and no more.",
    ),
    (
        "sourdough bread recipe",
        "Feed the starter the evening before. Mix flour, water and salt, fold the dough four"
        " times, and bake it in a hot iron pot for forty minutes.",
    ),
    (
        "offside rule in football",
        "A player is in that position if any part of the head, body or feet is nearer to the"
        " goal line than both the ball and the second-last opponent.",
    ),
    (
        "install a printer driver on Linux",
        "Open the settings, choose the device on the network, and let the system fetch the"
        " package. Restart the spooler if the queue stays empty.",
    ),
    (
        "life of Charlemagne",
        "He was crowned emperor by the pope in Rome on Christmas Day of the year 800 and"
        " ruled most of western Europe from Aachen.",
    ),
    (
        "notice period of the rental contract",
        "The tenant may end the lease in writing with three months' notice to the end of a"
        " month. The deposit is returned after the flat was handed over.",
    ),
    (
        "how do whales sleep",
        "Only one half of the brain rests at a time. The animals float just below the surface"
        " and come up to breathe every quarter of an hour.",
    ),
    (
        "tuning a violin",
        "Begin with the A string and a fork of 440 hertz. Turn the pegs only a little, push"
        " them in as you turn, and compare the fifths by ear.",
    ),
    (
        "budget meeting of the school board",
        "The members voted seven to two for new roofs on both buildings. Money for the"
        " library was put off until the next term.",
    ),
    (
        "repair a flat bicycle tyre",
        "Take off the wheel, lever the rim, and find the hole in the tube under water."
        " Roughen the rubber, wait until the glue is dry, and press on the patch.",
    ),
    (
        "formation of sedimentary rock",
        "Layers of sand and mud are pressed together under their own weight for millions of"
        " years, and minerals from the water cement the grains.",
    ),
    (
        "visa for Japan",
        "Citizens of the union may stay ninety days without one. Whoever wants to work there"
        " applies at the consulate with a letter from the employer.",
    ),
    (
        "sorting algorithm with the fewest comparisons",
        "Merging needs n log n steps in the worst case. For short arrays, insertion is"
        " quicker because it moves few elements and calls nothing.",
    ),
    (
        "wedding invitation text",
        "Together with their families, Anna and Paul ask you to celebrate with them on the"
        " first Saturday of June in the garden of the old mill.",
    ),
    (
        "solar panels for the roof",
        "Twelve modules facing south yield about four thousand kilowatt hours a year. The"
        " inverter is in the cellar, and what is left over is sold to the grid.",
    ),
    (
        "meditation for beginners",
        "Sit upright, close your eyes and count each breath up to ten. When a thought comes,"
        " notice it, let it go, and begin again at one.",
    ),
    (
        "price of a used van",
        "It has run ninety thousand kilometres, the brakes are new, and there is a dent in"
        " the left door. I ask for six thousand, or the best offer.",
    ),
    (
        "causes of the French Revolution",
        "Bread was dear after two bad harvests, the crown was bankrupt, and the third estate"
        " paid nearly all the taxes while it had no say.",
    ),
    (
        "teach a dog to sit",
        "Hold a treat above the nose and move it back. As soon as the animal lowers itself,"
        " say the word once, praise it and give the reward.",
    ),
)
