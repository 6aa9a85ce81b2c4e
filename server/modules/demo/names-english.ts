// Who buys software in the United States and the United Kingdom. All invented.
import { listNames, type Place } from './names-brazil.ts'

export const firstNames = listNames(`
  Aaron, Abigail, Adam, Alice, Amelia, Amir, Andre, Angela, Anjali, Audrey, Ben, Beth, Brandon, Brian,
  Caitlin, Carlos, Charlotte, Chris, Claire, Colin, Dana, Daniel, Denise, Derek, Eleanor, Elijah, Emily,
  Eric, Esther, Farah, Fiona, Gareth, Gemma, Hannah, Heather, Ian, Imani, Isaac, Jamal, Jasmine, Joel,
  Jonathan, Joyce, Karen, Kevin, Laura, Leah, Liam, Lily, Marcus, Megan, Monica, Nadia, Nathan, Nora,
  Oliver, Paige, Peter, Quentin, Rachel, Rosa, Ruth, Sam, Simon, Stella, Theo, Tracy, Vivian, Wendy, Zoe`)

export const lastNames = listNames(`
  Abbott, Adeyemi, Ashby, Barlow, Beckett, Bennett, Boyle, Brooks, Cardenas, Carver, Chen, Coleman, Cooper,
  Crawford, Dalton, Delgado, Dunn, Ellison, Farrell, Fischer, Foster, Gallagher, Garrett, Gibson, Grant,
  Hale, Hargreaves, Hartley, Hayes, Holloway, Hughes, Ingram, Jacobs, Kaplan, Keller, Kim, Lawson,
  Lindqvist, Lowe, Mackenzie, Marsh, Mbeki, McAllister, Mercer, Morgan, Nguyen, Novak, Okafor, Osborne,
  Palmer, Park, Patel, Pennington, Pryce, Reyes, Rhodes, Romero, Sandoval, Shah, Sheridan, Sutton,
  Thornton, Vance, Walsh, Watkins, Weaver, Whitaker, Yates, Zimmerman`)

export const companies: readonly [name: string, domain: string, country: 'US' | 'GB'][] = [
  ['Alder & Ash Furniture Co.', 'alderandash', 'US'],
  ['Bay Street Hardware, LLC', 'baystreethardware', 'US'],
  ['Birch Hollow Nursery, Inc.', 'birchhollow', 'US'],
  ['Blackthorn Cycles Ltd', 'blackthorncycles', 'GB'],
  ['Bluebonnet Feed & Seed, LLC', 'bluebonnetfeed', 'US'],
  ['Brightwater Aquatics, Inc.', 'brightwateraquatics', 'US'],
  ['Cairn Mountain Coffee, LLC', 'cairnmountain', 'US'],
  ['Canal Yard Ceramics Ltd', 'canalyard', 'GB'],
  ['Cedar & Salt Provisions, LLC', 'cedarandsalt', 'US'],
  ['Copper Kettle Bakery, Inc.', 'copperkettlebakery', 'US'],
  ['Crooked Pine Distillery, LLC', 'crookedpine', 'US'],
  ['Dale & Fell Outdoor Ltd', 'daleandfell', 'GB'],
  ['Desert Bloom Apothecary, LLC', 'desertbloom', 'US'],
  ['Eastgate Auto Parts, Inc.', 'eastgateparts', 'US'],
  ['Evergreen Veterinary Supply, Inc.', 'evergreenvetsupply', 'US'],
  ['Fennel & Rye Catering Ltd', 'fennelandrye', 'GB'],
  ['Fiddlehead Toys, LLC', 'fiddleheadtoys', 'US'],
  ['Foxglove Florists Ltd', 'foxgloveflorists', 'GB'],
  ['Gravel Road Bikes, LLC', 'gravelroadbikes', 'US'],
  ['Halfmoon Records, LLC', 'halfmoonrecords', 'US'],
  ['Harbour Lane Chandlery Ltd', 'harbourlane', 'GB'],
  ['Hightower Lighting, Inc.', 'hightowerlighting', 'US'],
  ['Ironwood Tool Supply, Inc.', 'ironwoodtool', 'US'],
  ['Juniper Street Books, LLC', 'juniperstreet', 'US'],
  ['Kestrel Workwear Ltd', 'kestrelworkwear', 'GB'],
  ['Lakeshore Marine & Tackle, Inc.', 'lakeshoremarine', 'US'],
  ['Lantern Hill Museum Store', 'lanternhill', 'US'],
  ['Larkspur Linen Co.', 'larkspurlinen', 'US'],
  ['Marigold Tea Merchants Ltd', 'marigoldtea', 'GB'],
  ['Mesa Verde Spice, LLC', 'mesaverdespice', 'US'],
  ['Mill Pond Cheese Ltd', 'millpondcheese', 'GB'],
  ['Northbank Medical Supply, Inc.', 'northbankmedical', 'US'],
  ['Old Quarry Stoneworks, LLC', 'oldquarry', 'US'],
  ['Paper Crane Stationery, LLC', 'papercrane', 'US'],
  ['Pemberton Piano Movers, Inc.', 'pembertonpiano', 'US'],
  ['Prairie Sky Greenhouses, LLC', 'prairiesky', 'US'],
  ['Quayside Fishmongers Ltd', 'quaysidefish', 'GB'],
  ['Red Barn Antiques, LLC', 'redbarnantiques', 'US'],
  ['Silver Birch Eyewear Ltd', 'silverbircheyewear', 'GB'],
  ['Stonecrop Garden Center, Inc.', 'stonecropgarden', 'US'],
  ['Sunnyside School Uniforms, LLC', 'sunnysideuniforms', 'US'],
  ['Tern & Tide Surf Co.', 'ternandtide', 'US'],
]

export const titles = [
  'Owner',
  'Operations manager',
  'Accounts payable',
  'Store manager',
  'IT',
  'Bookkeeper',
  'Buyer',
]
export const mailDomains = ['postbox.example', 'inbox.example', 'mailroom.example']

export const placesByCountry: Record<'US' | 'GB', readonly (readonly [Place, number])[]> = {
  US: [
    [
      {
        city: 'Portland',
        state: 'OR',
        district: null,
        postal: '97214',
        streets: ['SE Hawthorne Blvd', 'SE Division St', 'NE Alberta St'],
      },
      6,
    ],
    [
      {
        city: 'Seattle',
        state: 'WA',
        district: null,
        postal: '98103',
        streets: ['Stone Way N', 'Fremont Ave N', 'N 45th St'],
      },
      5,
    ],
    [
      {
        city: 'Boise',
        state: 'ID',
        district: null,
        postal: '83702',
        streets: ['W Main St', 'N 8th St', 'W Idaho St'],
      },
      3,
    ],
    [
      {
        city: 'Denver',
        state: 'CO',
        district: null,
        postal: '80205',
        streets: ['Larimer St', 'Walnut St', 'Blake St'],
      },
      4,
    ],
    [
      {
        city: 'Austin',
        state: 'TX',
        district: null,
        postal: '78704',
        streets: ['S Lamar Blvd', 'S 1st St', 'W Annie St'],
      },
      4,
    ],
    [
      {
        city: 'Madison',
        state: 'WI',
        district: null,
        postal: '53703',
        streets: ['Williamson St', 'E Wilson St', 'State St'],
      },
      3,
    ],
    [
      {
        city: 'Asheville',
        state: 'NC',
        district: null,
        postal: '28801',
        streets: ['Haywood Rd', 'Lexington Ave', 'Biltmore Ave'],
      },
      3,
    ],
    [
      {
        city: 'Burlington',
        state: 'VT',
        district: null,
        postal: '05401',
        streets: ['Pine St', 'Church St', 'North Ave'],
      },
      2,
    ],
  ],
  GB: [
    [
      {
        city: 'Bristol',
        state: 'England',
        district: null,
        postal: 'BS1 4',
        streets: ['Redcliffe Street', 'Welsh Back', 'Corn Street'],
      },
      3,
    ],
    [
      {
        city: 'Leeds',
        state: 'England',
        district: null,
        postal: 'LS2 7',
        streets: ['North Street', 'Kirkgate', 'Call Lane'],
      },
      3,
    ],
    [
      {
        city: 'Edinburgh',
        state: 'Scotland',
        district: null,
        postal: 'EH6 6',
        streets: ['Leith Walk', 'Constitution Street', 'Bernard Street'],
      },
      2,
    ],
    [
      {
        city: 'Norwich',
        state: 'England',
        district: null,
        postal: 'NR3 1',
        streets: ['Magdalen Street', 'St Augustines Street'],
      },
      2,
    ],
  ],
}
